-- The recordings of a source that were put into a batch since midnight (UTC), each once, with their lengths if known. One that
-- left its batch is not counted, because it is planned again.
select distinct on (o.id) o.key, o.size, r.duration_s
from batch b
join batch_item i on i.batch_id = b.id
join media_object o on o.id = i.media_object_id
left join recording r on r.audio_sha256 = o.audio_sha256
where b.source = %(source)s and o.batch_id is not null and b.created_at >= date_trunc('day', now(), 'UTC')
order by o.id
