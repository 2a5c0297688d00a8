// The gradient by k of the error that scoreRows.wgsl describes, for every key n over the queries m >= n of its window:
//   gradient[n] = scale · Σ_m w · (d - average[m]) · q[m].
// All of q, k, q0, k0 [N, H, K]; normaliser, average [N, H]. One invocation a (token, head). Constants: K4, SUBTRACT.
struct Params { N: u32, H: u32, T: u32, length: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> q0: array<vec4f>;
@group(0) @binding(4) var<storage, read> k0: array<vec4f>;
@group(0) @binding(5) var<storage, read> normaliser: array<f32>;
@group(0) @binding(6) var<storage, read> average: array<f32>;
@group(0) @binding(7) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  let h = id.y;
  let length = params.length;
  let H = params.H;
  if (n >= params.N) { return; }
  let key = (n * H + h) * length;
  let first = n - n % params.T;
  let end = min(first + params.T, params.N);
  var sum = array<vec4f, K4>();
  for (var m = n; m < end; m++) {
    let query = (m * H + h) * length;
    var d = 0.0;
    var s0 = 0.0;
    for (var j = 0u; j < length; j++) {
      d += dot(q[query + j], k[key + j]);
      s0 += dot(q0[query + j], k0[key + j]);
    }
    d *= params.scale;
    s0 *= params.scale;
    let w = 0.5 * exp(s0 - normaliser[m * H + h]) + 0.5 / f32(m - first + 1u);
    if (SUBTRACT == 1u) { d -= s0; }
    let share = w * (d - average[m * H + h]);
    for (var j = 0u; j < length; j++) { sum[j] += share * q[query + j]; }
  }
  for (var j = 0u; j < length; j++) { gradient[key + j] = params.scale * sum[j]; }
}
