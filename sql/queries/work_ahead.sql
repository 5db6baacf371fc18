-- Waiting and running objects of all sources by file type, with lengths if known.
select lower(coalesce(substring(o.key from '\.[^./]*$'), '')) as suffix, count(*) as files,
       coalesce(sum(o.size) filter (where r.duration_s is null), 0)::double precision as bytes,
       coalesce(sum(r.duration_s), 0) as seconds
from media_object o
left join recording r on r.audio_sha256 = o.audio_sha256
where o.state in ('seen', 'claimed')
group by 1
order by 1
