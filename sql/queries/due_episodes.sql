-- First episodes without a copy, then changed ones, then those to check again; the newest first in each group.
select id, guid_sha256, title, published_at, url, bucket, key, state = 'wanted' as announced, etag, size, sha256, http_etag,
       http_last_modified, resume_id, resume_if_range
from episode
where feed_id = %(feed_id)s
  and (%(since)s::date is null or published_at is null or published_at >= %(since)s::date)
  and (
      state = 'wanted' and (not_before is null or not_before <= now())
      or state = 'copied' and checked_at < now() - interval '1 day'
         and published_at > now() - make_interval(secs => %(recheck_s)s)
  )
order by etag is not null, state <> 'wanted', published_at desc nulls last, id desc
limit %(limit)s
