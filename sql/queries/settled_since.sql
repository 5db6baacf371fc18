-- The current state of recordings that were published or withdrawn since this time.
select p.audio_sha256, t.id as transcript_id, max(p.id) as version
from publication p
left join transcript t on t.audio_sha256 = p.audio_sha256 and t.is_current
where p.published_at >= %(since)s
group by p.audio_sha256, t.id
order by p.audio_sha256
