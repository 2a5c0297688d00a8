// errors[windows, H, S, T] = w ∘ (d - Σ_n w·d): what a least-squares fit of attention scores is off by, in windows of S
// queries and T keys. d = s, or s - s0 with MINUS_TARGET; s = scale · q·k, s0 = scale · q0·k0. The weights of a query over
// the keys that it sees are w = share · softmax + (1 - share) · uniform: what a constant per query changes is nothing, as
// for softmax.
// q, q0 [N, H, K]; k [N, G, K], k0 [N, G0, K]; map the softmax [windows, H, S, T]; readers = [H] the KV head in k of each query
// head, then [H] that in k0. S and T are multiples of 4. Written are blocks of 4 × 4 that some query of the block sees
// (mapProduct.wgsl reads the same ones). One invocation takes 4 queries of a head. Constants: MINUS_TARGET.
struct Params {
  S: u32, T: u32, H: u32, G: u32, G0: u32, causal: u32, length: u32, first_window: u32, scale: f32, share: f32
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> q0: array<vec4f>;
@group(0) @binding(4) var<storage, read> k0: array<vec4f>;
@group(0) @binding(5) var<storage, read> readers: array<u32>;
@group(0) @binding(6) var<storage, read> map: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> errors: array<vec4f>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = id.x * 4u;
  let h = id.y;
  let S = params.S;
  let T = params.T;
  let H = params.H;
  if (m >= S) { return; }
  // The same for every model of a head size, but not known to the compiler: drivers unroll loops of known length.
  let length = params.length;
  let window = params.first_window + id.z;
  let query = ((window * S + m) * H + h) * length;
  let next_query = H * length;
  let next_key = params.G * length;
  let first_key = (window * T * params.G + readers[h]) * length;
  let next_target = params.G0 * length;
  let first_target = (window * T * params.G0 + readers[H + h]) * length;
  let T4 = T / 4u;
  let row = ((id.z * H + h) * S + m) * T4;
  let end = select(T, m + 4u, params.causal == 1u);

  var average = vec4f();
  for (var n = 0u; n < end; n += 4u) {
    var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
    let key = first_key + n * next_key;
    for (var j = 0u; j < length; j++) {
      let a = k[key + j]; let b = k[key + next_key + j];
      let c = k[key + 2u * next_key + j]; let d = k[key + 3u * next_key + j];
      let e = q[query + j];
      s0 += vec4f(dot(e, a), dot(e, b), dot(e, c), dot(e, d));
      let f = q[query + next_query + j];
      s1 += vec4f(dot(f, a), dot(f, b), dot(f, c), dot(f, d));
      let g = q[query + 2u * next_query + j];
      s2 += vec4f(dot(g, a), dot(g, b), dot(g, c), dot(g, d));
      let i = q[query + 3u * next_query + j];
      s3 += vec4f(dot(i, a), dot(i, b), dot(i, c), dot(i, d));
    }
    if (MINUS_TARGET == 1u) {
      let target_key = first_target + n * next_target;
      for (var j = 0u; j < length; j++) {
        let a = k0[target_key + j]; let b = k0[target_key + next_target + j];
        let c = k0[target_key + 2u * next_target + j]; let d = k0[target_key + 3u * next_target + j];
        let e = q0[query + j];
        s0 -= vec4f(dot(e, a), dot(e, b), dot(e, c), dot(e, d));
        let f = q0[query + next_query + j];
        s1 -= vec4f(dot(f, a), dot(f, b), dot(f, c), dot(f, d));
        let g = q0[query + 2u * next_query + j];
        s2 -= vec4f(dot(g, a), dot(g, b), dot(g, c), dot(g, d));
        let i = q0[query + 3u * next_query + j];
        s3 -= vec4f(dot(i, a), dot(i, b), dot(i, c), dot(i, d));
      }
    }
    let at = row + n / 4u;
    s0 *= params.scale * weights(at, m, n);
    s1 *= params.scale * weights(at + T4, m + 1u, n);
    s2 *= params.scale * weights(at + 2u * T4, m + 2u, n);
    s3 *= params.scale * weights(at + 3u * T4, m + 3u, n);
    let ones = vec4f(1.0);
    average += vec4f(dot(s0, ones), dot(s1, ones), dot(s2, ones), dot(s3, ones));
    errors[at] = s0;
    errors[at + T4] = s1;
    errors[at + 2u * T4] = s2;
    errors[at + 3u * T4] = s3;
  }
  for (var n = 0u; n < end; n += 4u) {
    let at = row + n / 4u;
    errors[at] -= average.x * weights(at, m, n);
    errors[at + T4] -= average.y * weights(at + T4, m + 1u, n);
    errors[at + 2u * T4] -= average.z * weights(at + 2u * T4, m + 2u, n);
    errors[at + 3u * T4] -= average.w * weights(at + 3u * T4, m + 3u, n);
  }
}

// Of keys n..n+3 for query m; `at` is their place in the map.
fn weights(at: u32, m: u32, n: u32) -> vec4f {
  let seen = select(params.T, m + 1u, params.causal == 1u);
  let uniform_weight = (1.0 - params.share) / f32(seen);
  return params.share * map[at] + select(vec4f(), vec4f(uniform_weight), vec4u(n) + vec4u(0u, 1u, 2u, 3u) < vec4u(seen));
}
