-- One page of seen objects that may be checked again, the oldest first.
select id, bucket, key, etag, size, last_modified, reason_code as code,
       extract(epoch from now() - claimed_at)::double precision as waited_s
from media_object
where source = %(source)s and state = 'seen' and (not_before is null or not_before <= now()) and id > %(after_id)s
order by id
limit %(limit)s
