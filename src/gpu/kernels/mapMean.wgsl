// mean[rows, T] = the mean over the heads of maps [heads, rows, T]; LOWEST where a key is not seen: heads of a layer see the same.
struct Params { heads: u32, size: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

const LOWEST = -3.4e38;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let place = id.y * workgroups.x * 64u + id.x;
  if (place >= params.size) { return; }
  var sum = 0.0;
  for (var head = 0u; head < params.heads; head++) {
    let value = map[head * params.size + place];
    if (value <= LOWEST) {
      mean[place] = LOWEST;
      return;
    }
    sum += value;
  }
  mean[place] = sum / f32(params.heads);
}
