// Rotates S rows of x[rows, heads, K] from row0 on, in place: rotary position embedding. One invocation a (row, head, plane).
// table[S, P] holds (cos, sin) of every position and plane, computed in float32 on the CPU as transformers does, since
// WGSL's own cos and sin lose digits at large angles. `head_stride` is K with its padding.
// Constants: INTERLEAVED 1 pairs (2j, 2j+1), 0 pairs (j, j + P).
struct Params { S: u32, heads: u32, head_stride: u32, P: u32, row0: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let P = params.P;
  let plane = id.x % P;
  let head = id.x / P;
  let s = id.y;
  if (head >= params.heads || s >= params.S) { return; }
  let base = ((params.row0 + s) * params.heads + head) * params.head_stride;
  let first = base + select(plane, 2u * plane, INTERLEAVED == 1u);
  let second = first + select(P, 1u, INTERLEAVED == 1u);
  let turn = table[s * P + plane];
  let a = x[first];
  let b = x[second];
  x[first] = a * turn.x - b * turn.y;
  x[second] = b * turn.x + a * turn.y;
}
