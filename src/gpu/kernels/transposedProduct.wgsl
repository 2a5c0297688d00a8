// out[M, N] = Σ_r a[r, M]ᵀ · b[r, N] (+ out as it was): the second moments and gradients that least squares are made of.
// One invocation makes 4 × 4 numbers. a has rows of a_stride4 vec4 and is read from column a_column4 on; out is written
// from row out_row on. Sizes are multiples of 4. Constants: ADD.
struct Params { rows: u32, M4: u32, N4: u32, a_stride4: u32, a_column4: u32, out_row: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  let m = id.y;
  let N4 = params.N4;
  if (n >= N4 || m >= params.M4) { return; }
  var sum0 = vec4f(); var sum1 = vec4f(); var sum2 = vec4f(); var sum3 = vec4f();
  var left = params.a_column4 + m;
  var right = n;
  for (var r = 0u; r < params.rows; r++) {
    let x = a[left];
    let y = b[right];
    sum0 += x.x * y;
    sum1 += x.y * y;
    sum2 += x.z * y;
    sum3 += x.w * y;
    left += params.a_stride4;
    right += N4;
  }
  let at = (params.out_row + m * 4u) * N4 + n;
  if (ADD == 1u) {
    sum0 += out[at]; sum1 += out[at + N4]; sum2 += out[at + 2u * N4]; sum3 += out[at + 3u * N4];
  }
  out[at] = sum0;
  out[at + N4] = sum1;
  out[at + 2u * N4] = sum2;
  out[at + 3u * N4] = sum3;
}
