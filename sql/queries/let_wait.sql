update media_object o
set size = v.size::bigint, last_modified = v.last_modified::timestamptz, reason_code = v.code, reason = v.reason,
    not_before = now() + v.wait_s::double precision * interval '1 second'
from (values %s) as v (bucket, key, etag, size, last_modified, code, reason, wait_s)
where (o.bucket, o.key, o.etag) = (v.bucket, v.key, v.etag) and o.state = 'seen'
