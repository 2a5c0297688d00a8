// out[S, H, K] = softmax(scale · q[S, H, K] · k[T, G, K]ᵀ) · v[T, G, K], causal, with an online softmax.
// Grouped: k and v have G heads and are never expanded. The R query heads of a group and consecutive query positions
// share a workgroup, so that all of its invocations read the same key at the same time: one load serves them all.
// Query row s stands at key position past + s. Constants: K4 (K / 4 with padding), R.
struct Params { S: u32, G: u32, past: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let slot = workgroup.x * SIZE + local;
  let s = slot / R;
  if (s >= params.S) { return; }
  let group = workgroup.y;
  let head = group * R + slot % R;
  let G = params.G;
  let query = (s * G * R + head) * K4;
  var scaled: array<vec4f, K4>;
  var sum: array<vec4f, K4>;
  for (var j = 0u; j < K4; j++) { scaled[j] = q[query + j] * params.scale; }
  var largest = -3.4e38;
  var total = 0.0;
  let end = params.past + s + 1u;
  for (var t = 0u; t < end; t++) {
    let key = (t * G + group) * K4;
    var score = 0.0;
    for (var j = 0u; j < K4; j++) { score += dot(scaled[j], k[key + j]); }
    let next = max(largest, score);
    let keep = exp(largest - next);
    let weight = exp(score - next);
    largest = next;
    total = total * keep + weight;
    for (var j = 0u; j < K4; j++) { sum[j] = sum[j] * keep + weight * v[key + j]; }
  }
  for (var j = 0u; j < K4; j++) { out[query + j] = sum[j] / total; }
}
