// How far scores s = scale · q · k are from target scores s0 = scale · q0 · k0, and the gradient by q.
// For every query m the error is the variance of d = s (- s0) over the keys n <= m of its window, under the weights
// w = ½ softmax(s0) + ½ uniform: what a constant per query changes is nothing, as for softmax. With average = Σ w·d:
//   gradient[m] = scale · Σ_n w · (d - average) · k[n],   average[m] as said.
// All of q, k, q0, k0 [N, H, K]; normaliser, average [N, H]. One invocation a (token, head). Constants: K4, SUBTRACT (take s0
// off), GRADIENT (else only the averages).
struct Params { N: u32, H: u32, T: u32, length: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> q0: array<vec4f>;
@group(0) @binding(4) var<storage, read> k0: array<vec4f>;
@group(0) @binding(5) var<storage, read> normaliser: array<f32>;
@group(0) @binding(6) var<storage, read_write> average: array<f32>;
@group(0) @binding(7) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = id.x;
  let h = id.y;
  // The same number as K4, but not known to the compiler: drivers unroll loops of known length.
  let length = params.length;
  let H = params.H;
  if (m >= params.N) { return; }
  let query = (m * H + h) * length;
  let first = m - m % params.T;
  let uniform_weight = 0.5 / f32(m - first + 1u);
  let shift = normaliser[m * H + h];
  var keys = array<vec4f, K4>();
  var weighted = array<vec4f, K4>();
  var total = 0.0;
  for (var n = first; n <= m; n++) {
    let key = (n * H + h) * length;
    var d = 0.0;
    var s0 = 0.0;
    for (var j = 0u; j < length; j++) {
      d += dot(q[query + j], k[key + j]);
      s0 += dot(q0[query + j], k0[key + j]);
    }
    d *= params.scale;
    s0 *= params.scale;
    let w = 0.5 * exp(s0 - shift) + uniform_weight;
    if (SUBTRACT == 1u) { d -= s0; }
    let share = w * d;
    total += share;
    if (GRADIENT == 1u) {
      for (var j = 0u; j < length; j++) {
        keys[j] += w * k[key + j];
        weighted[j] += share * k[key + j];
      }
    }
  }
  average[m * H + h] = total;
  if (GRADIENT == 1u) {
    for (var j = 0u; j < length; j++) { gradient[query + j] = params.scale * (weighted[j] - total * keys[j]); }
  }
}
