// out[places[i], stride] += factors[i] · rows[i, stride], for as many i as workgroups in y. `stride` counts vec4.
struct Params { stride: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec4f>;
@group(0) @binding(2) var<storage, read> places: array<u32>;
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.stride) { return; }
  out[places[id.y] * params.stride + id.x] += factors[id.y] * rows[id.y * params.stride + id.x];
}
