// y[S, N] = (x[S, C] · w[N, C]ᵀ (+ bias[N])) · scale (+ y as it was). Sizes are multiples of 4 (S aside).
// The result goes to columns column0… and rows row0… of y: matrices come in parts, and caches are appended to.
// One invocation makes 4 rows × 4 columns; no workgroup memory and no barriers, which software adapters like best.
// Workgroup: 32 column blocks of one row block, the fastest of four shapes on llvmpipe. Constants: HAS_BIAS, HAS_RESIDUAL.
struct Params { S: u32, N: u32, C4: u32, column0: u32, stride4: u32, row0: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x * 4u;
  let s = id.y * 4u;
  if (n >= params.N || s >= params.S) { return; }
  let C4 = params.C4;
  let last = params.S - 1u;
  let x0 = s * C4;
  let x1 = min(s + 1u, last) * C4;
  let x2 = min(s + 2u, last) * C4;
  let x3 = min(s + 3u, last) * C4;
  let w0 = n * C4;
  let w1 = w0 + C4;
  let w2 = w1 + C4;
  let w3 = w2 + C4;
  var sum0 = vec4f(); var sum1 = vec4f(); var sum2 = vec4f(); var sum3 = vec4f();
  for (var c = 0u; c < C4; c++) {
    let a = w[w0 + c]; let b = w[w1 + c]; let d = w[w2 + c]; let e = w[w3 + c];
    let p = x[x0 + c];
    sum0 += vec4f(dot(p, a), dot(p, b), dot(p, d), dot(p, e));
    let q = x[x1 + c];
    sum1 += vec4f(dot(q, a), dot(q, b), dot(q, d), dot(q, e));
    let r = x[x2 + c];
    sum2 += vec4f(dot(r, a), dot(r, b), dot(r, d), dot(r, e));
    let t = x[x3 + c];
    sum3 += vec4f(dot(t, a), dot(t, b), dot(t, d), dot(t, e));
  }
  var sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
  let column4 = (params.column0 + n) / 4u;
  for (var i = 0u; i < 4u && s + i < params.S; i++) {
    let at = (params.row0 + s + i) * params.stride4 + column4;
    var value = sums[i];
    if (HAS_BIAS == 1u) { value += bias[column4]; }
    value *= params.scale;
    if (HAS_RESIDUAL == 1u) { value += y[at]; }
    y[at] = value;
  }
}
