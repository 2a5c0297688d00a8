// result[rows] = (log-sum-exp, logit of the target, index of the largest logit, its value) of logits[rows, V].
// `excluded` tokens are never the largest: a continuation of fixed length must not end early.
// The index is exact as f32 up to 16.7 million tokens. One workgroup a row. The cross-entropy of a row is result.x - result.y. Ties take the smaller index, as argmax does.
struct Params { V: u32, stride: u32, excluded: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> excluded: array<u32>;
@group(0) @binding(4) var<storage, read_write> result: array<vec4f>;

const SIZE = 64u;
fn isExcluded(token: u32) -> bool {
  for (var i = 0u; i < params.excluded; i++) { if (excluded[i] == token) { return true; } }
  return false;
}

var<workgroup> values: array<f32, SIZE>;
var<workgroup> places: array<u32, SIZE>;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = workgroup.x;
  let base = row * params.stride;
  var largest = -3.4e38;
  var place = 0u;
  for (var n = local; n < params.V; n += SIZE) {
    let value = logits[base + n];
    if (value > largest && !isExcluded(n)) { largest = value; place = n; }
  }
  values[local] = largest;
  places[local] = place;
  workgroupBarrier();
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      let value = values[local + half];
      let other = places[local + half];
      if (value > values[local] || (value == values[local] && other < places[local])) {
        values[local] = value;
        places[local] = other;
      }
    }
    workgroupBarrier();
  }
  largest = values[0];
  place = places[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var n = local; n < params.V; n += SIZE) { sum += exp(logits[base + n] - largest); }
  values[local] = sum;
  workgroupBarrier();
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    if (local < half) { values[local] += values[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) {
    result[row] = vec4f(largest + log(values[0]), logits[base + targets[row]], f32(place), largest);
  }
}
