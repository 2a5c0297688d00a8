// y[n] = cap · tanh(y[n] / cap), in place. n counts vec4; rows of `row` invocations keep workgroups under WebGPU's limit.
struct Params { n: u32, row: u32, cap: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.y * params.row + id.x;
  if (id.x >= params.row || n >= params.n) { return; }
  // tanh overflows to NaN on some drivers for large arguments; it is 1 to the last bit beyond 10.
  y[n] = params.cap * tanh(clamp(y[n] / params.cap, vec4f(-10.0), vec4f(10.0)));
}
