// out[N, H, C] = factor · Σ_t map[windows, H, S, T] · x[N, G, C], in windows of S queries and T keys: what each query head
// makes of the keys' rows of the KV head that it reads. map is a softmax, or an error of scores (scoreErrors.wgsl).
// readers = [H]. S, T and C are multiples of 4; causal, a block of 4 queries reads up to its own last key.
// One invocation makes 4 queries × 4 columns.
struct Params { S: u32, T: u32, H: u32, G: u32, C4: u32, causal: u32, first_window: u32, factor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> readers: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let C4 = params.C4;
  let column = id.x % C4;
  let m = id.x / C4 * 4u;
  let h = id.y;
  let S = params.S;
  let T = params.T;
  let H = params.H;
  if (m >= S) { return; }
  let window = params.first_window + id.z;
  let T4 = T / 4u;
  let row = ((id.z * H + h) * S + m) * T4;
  let next = params.G * C4;
  var source = (window * T * params.G + readers[h]) * C4 + column;
  let end = select(T, m + 4u, params.causal == 1u) / 4u;
  var sum0 = vec4f(); var sum1 = vec4f(); var sum2 = vec4f(); var sum3 = vec4f();
  for (var t = 0u; t < end; t++) {
    let a = x[source]; let b = x[source + next]; let c = x[source + 2u * next]; let d = x[source + 3u * next];
    let e = map[row + t];
    sum0 += e.x * a + e.y * b + e.z * c + e.w * d;
    let f = map[row + T4 + t];
    sum1 += f.x * a + f.y * b + f.z * c + f.w * d;
    let g = map[row + 2u * T4 + t];
    sum2 += g.x * a + g.y * b + g.z * c + g.w * d;
    let i = map[row + 3u * T4 + t];
    sum3 += i.x * a + i.y * b + i.z * c + i.w * d;
    source += 4u * next;
  }
  let at = ((window * S + m) * H + h) * C4 + column;
  out[at] = params.factor * sum0;
  out[at + H * C4] = params.factor * sum1;
  out[at + 2u * H * C4] = params.factor * sum2;
  out[at + 3u * H * C4] = params.factor * sum3;
}
