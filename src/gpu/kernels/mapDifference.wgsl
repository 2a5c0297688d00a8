// other = map - other, place by place, of maps of `size` numbers together; LOWEST where a key is not seen, in both alike.
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read_write> other: array<f32>;

const LOWEST = -3.4e38;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let place = id.y * workgroups.x * 64u + id.x;
  if (place >= params.size) { return; }
  let value = map[place];
  other[place] = select(value - other[place], LOWEST, value <= LOWEST);
}
