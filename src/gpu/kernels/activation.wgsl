// up[n] = activation(gate[n]) · up[n] (gated MLP), or activation(up[n]) (plain MLP), in place. n counts vec4.
// Constants: GATED; KIND 0 silu, 1 gelu (erf), 2 gelu with tanh, 3 relu; 4, gated only: gate to 7 at most, up within 7, and
// (up + 1) · gate · sigmoid(1.702 · gate), as gpt-oss has it.
struct Params { n: u32, row: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> up: array<vec4f>;

// Abramowitz and Stegun 7.1.26 has 1.5e-7 absolute error: below float32's own in this place.
fn erf(x: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + 0.3275911 * abs(x));
  let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - series * exp(-x * x));
}

fn activation(x: vec4f) -> vec4f {
  if (KIND == 0u) { return x / (1.0 + exp(-x)); }
  if (KIND == 1u) { return 0.5 * x * (1.0 + erf(x * 0.70710678)); }
  // tanh overflows to NaN on some drivers for large arguments; it is 1 to the last bit beyond 10.
  if (KIND == 2u) { return 0.5 * x * (1.0 + tanh(clamp(0.79788456 * (x + 0.044715 * x * x * x), vec4f(-10.0), vec4f(10.0)))); }
  return max(x, vec4f());
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  // Rows of `row` workgroups keep each dimension under WebGPU's limit of 65535.
  let n = id.y * params.row + id.x;
  if (id.x >= params.row || n >= params.n) { return; }
  if (KIND == 4u) {
    let limited = min(gate[n], vec4f(7.0));
    up[n] = (clamp(up[n], vec4f(-7.0), vec4f(7.0)) + 1.0) * limited / (1.0 + exp(-1.702 * limited));
    return;
  }
  if (GATED == 1u) { up[n] = activation(gate[n]) * up[n]; } else { up[n] = activation(up[n]); }
}
