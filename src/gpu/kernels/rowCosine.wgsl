// result[rows] = cosine of the rows of x[rows, D] and y[rows, D]; with a BASE, of what is above them: x - x0 and y - y0.
// 1 where both rows are zero, 0 where one is. One workgroup a row; `stride4` is the row length in vec4, padding holds 0.
struct Params { stride4: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> x0: array<vec4f>;
@group(0) @binding(4) var<storage, read> y0: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> result: array<f32>;

const SIZE = 64u;
// (x·y, x·x, y·y) of each invocation.
var<workgroup> partial: array<vec3f, SIZE>;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let base = workgroup.x * params.stride4;
  var sums = vec3f(0.0);
  for (var c = local; c < params.stride4; c += SIZE) {
    var p = x[base + c];
    var q = y[base + c];
    if (BASE == 1u) {
      p -= x0[base + c];
      q -= y0[base + c];
    }
    sums += vec3f(dot(p, q), dot(p, p), dot(q, q));
  }
  partial[local] = sums;
  workgroupBarrier();
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local > 0u) { return; }
  let total = partial[0];
  if (total.y == 0.0 || total.z == 0.0) {
    result[workgroup.x] = select(0.0, 1.0, total.y == total.z);
    return;
  }
  // One root at a time: the product of two squares may leave f32.
  result[workgroup.x] = clamp(total.x / (sqrt(total.y) * sqrt(total.z)), -1.0, 1.0);
}
