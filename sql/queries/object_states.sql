-- The objects of a page that are in the ledger: number in the page, state, and length if known.
-- One statement per page; it uses the index media_object_identity.
select v.n, o.state, r.duration_s
from unnest(%(numbers)s::int[], %(buckets)s::text[], %(keys)s::text[], %(etags)s::text[]) as v (n, bucket, key, etag)
join media_object o on (o.bucket, o.key, o.etag) = (v.bucket, v.key, v.etag)
left join recording r on r.audio_sha256 = o.audio_sha256
