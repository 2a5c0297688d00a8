// out[blocks] = a · b, block by block of `length4` vec4: the inner products of conjugate gradients on several systems at once.
// One workgroup a block.
struct Params { length4: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

const SIZE = 256u;
var<workgroup> partial: array<f32, SIZE>;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let start = workgroup.x * params.length4;
  var sum = 0.0;
  for (var i = local; i < params.length4; i += SIZE) { sum += dot(a[start + i], b[start + i]); }
  partial[local] = sum;
  workgroupBarrier();
  for (var half = SIZE / 2u; half > 0u; half /= 2u) {
    if (local < half) { partial[local] += partial[local + half]; }
    workgroupBarrier();
  }
  if (local == 0u) { out[workgroup.x] = partial[0]; }
}
