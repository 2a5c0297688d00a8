/**
 * T5's relative position buckets: every distance between key and query has a bucket, far ones share theirs.
 * Role: the arithmetic. Upstream: transformers, modeling_t5.py, T5Attention._relative_position_bucket; Raffel et al. 2020,
 * section 2.1.
 */

export interface BucketSpec {
  buckets: number;
  /** Distances from here on share the last bucket. */
  maxDistance: number;
}

/**
 * The bucket of a key `distance` positions after the query (before it: negative).
 * @param bothSides an encoder's: half of the buckets are for keys after the query. A decoder's keys are all before it.
 */
export function bucketOf(distance: number, { buckets, maxDistance }: BucketSpec, bothSides: boolean): number {
  const count = bothSides ? Math.floor(buckets / 2) : buckets;
  const first = bothSides && distance > 0 ? count : 0;
  const far = bothSides ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(count / 2);
  if (far < exact) return first + far;
  // In float32 step by step, as upstream: a distance at the border of two buckets may fall on either side of it.
  const { fround, log } = Math;
  const share = fround(fround(log(fround(far / exact))) / fround(log(maxDistance / exact)));
  const place = exact + Math.trunc(fround(share * (count - exact)));
  return first + Math.min(place, count - 1);
}
