// out[M, N] = factor · Σ_r a[r, M]ᵀ · b[r, N] + keep · out as it was: the second moments and gradients that least squares are
// made of. One invocation makes 4 × 4 numbers. a has rows of a_stride4 vec4. Sizes are multiples of 4.
// Several products in one dispatch (workgroup z): the i-th takes rows i · rows… of a and b and writes rows i · M… of out.
struct Params { rows: u32, M4: u32, N4: u32, a_stride4: u32, factor: f32, keep: f32 }
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
  var left = id.z * params.rows * params.a_stride4 + m;
  var right = id.z * params.rows * N4 + n;
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
  let at = (id.z * params.M4 + m) * 4u * N4 + n;
  let factor = params.factor;
  let keep = params.keep;
  out[at] = factor * sum0 + keep * out[at];
  out[at + N4] = factor * sum1 + keep * out[at + N4];
  out[at + 2u * N4] = factor * sum2 + keep * out[at + 2u * N4];
  out[at + 3u * N4] = factor * sum3 + keep * out[at + 3u * N4];
}
