-- Seconds of audio per byte by file type, of the latest recordings: their number, their total, and the range of 80
-- percent of them.
with latest as (
    select lower(coalesce(substring(o.key from '\.[^./]*$'), '')) as suffix, o.size, r.duration_s
    from media_object o
    join recording r on r.audio_sha256 = o.audio_sha256
    where (%(source)s::text is null or o.source = %(source)s)
      and o.state in ('indexed', 'in_review', 'duplicate', 'quarantined')
      and o.size > 0 and r.duration_s > 0
    order by o.id desc
    limit %(limit)s
)
select suffix, count(*) as files, sum(size)::double precision as bytes, sum(duration_s) as seconds,
       percentile_cont(0.1) within group (order by duration_s / size) as low,
       percentile_cont(0.9) within group (order by duration_s / size) as high
from latest
group by suffix
order by suffix
