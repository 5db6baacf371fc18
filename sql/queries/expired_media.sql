-- Finished objects that are older than the retention of their source and still in the bucket.
select id, bucket, key, etag, size, false as whole_key
from media_object
where source = %(source)s
  and state in ('indexed', 'in_review', 'duplicate', 'quarantined')
  and media_removed_at is null
  and last_modified < %(before)s
  and id > %(after)s
order by id
limit %(limit)s
