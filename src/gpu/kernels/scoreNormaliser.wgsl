// normaliser[N, H] = log Σ_n exp(s(m, n)) of causal attention scores s = scale · q · k within windows of T tokens.
// q, k [N, H, K]: every query head has a key head of its own. One invocation a (token, head).
struct Params { N: u32, H: u32, T: u32, K4: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> normaliser: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = id.x;
  let h = id.y;
  let K4 = params.K4;
  let H = params.H;
  if (m >= params.N) { return; }
  let query = (m * H + h) * K4;
  var largest = -3.4e38;
  var total = 0.0;
  for (var n = m - m % params.T; n <= m; n++) {
    let key = (n * H + h) * K4;
    var score = 0.0;
    for (var j = 0u; j < K4; j++) { score += dot(q[query + j], k[key + j]); }
    score *= params.scale;
    let next = max(largest, score);
    total = total * exp(largest - next) + exp(score - next);
    largest = next;
  }
  normaliser[m * H + h] = largest + log(total);
}
