// codes[ceil(count / 4)] = one byte a weight for drawing, four in a u32.
// Code 0 is 0; code c in 1..255 stands for 2^((c - 255) / 12) (src/protocol/maps.ts, MapCells).
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> codes: array<u32>;

fn code(weight: f32) -> u32 {
  if (weight <= 0.0) { return 0u; }
  return u32(max(0.0, min(255.0, round(255.0 + 12.0 * log2(weight)))));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = id.x * 4u;
  var packed = 0u;
  for (var lane = 0u; lane < 4u && first + lane < params.count; lane++) {
    packed |= code(weights[first + lane]) << (8u * lane);
  }
  if (first < params.count) { codes[id.x] = packed; }
}
