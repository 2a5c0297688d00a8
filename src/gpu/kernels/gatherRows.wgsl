// out[i, stride] = rows[places[i], stride], for as many i as workgroups in y. `stride` counts vec4.
struct Params { stride: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec4f>;
@group(0) @binding(2) var<storage, read> places: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.stride) { return; }
  out[id.y * params.stride + id.x] = rows[places[id.y] * params.stride + id.x];
}
