// out[N, G, C] = factor · Σ over the group's heads and queries of map[windows, H, S, T] · x[N, H, C]: what the queries say
// back to the keys that they read. The transpose of mapProduct.wgsl, with the same blocks.
// groups = [G + 1] where each group's heads start, then the H query heads in group order. One invocation makes 4 keys × 4
// columns.
struct Params { S: u32, T: u32, H: u32, G: u32, C4: u32, causal: u32, first_window: u32, factor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> groups: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let C4 = params.C4;
  let column = id.x % C4;
  let n = id.x / C4 * 4u;
  let group = id.y;
  let S = params.S;
  let T = params.T;
  let H = params.H;
  let G = params.G;
  if (n >= T) { return; }
  let window = params.first_window + id.z;
  let T4 = T / 4u;
  // Causal, the queries before this block of keys see none of it.
  let first = select(0u, min(n, S), params.causal == 1u);
  var sum0 = vec4f(); var sum1 = vec4f(); var sum2 = vec4f(); var sum3 = vec4f();
  for (var i = groups[group]; i < groups[group + 1u]; i++) {
    let h = groups[G + 1u + i];
    var at = ((id.z * H + h) * S + first) * T4 + n / 4u;
    var source = ((window * S + first) * H + h) * C4 + column;
    for (var m = first; m < S; m++) {
      let e = map[at];
      let a = x[source];
      sum0 += e.x * a;
      sum1 += e.y * a;
      sum2 += e.z * a;
      sum3 += e.w * a;
      at += T4;
      source += H * C4;
    }
  }
  let to = ((window * T + n) * G + group) * C4 + column;
  out[to] = params.factor * sum0;
  out[to + G * C4] = params.factor * sum1;
  out[to + 2u * G * C4] = params.factor * sum2;
  out[to + 3u * G * C4] = params.factor * sum3;
}
