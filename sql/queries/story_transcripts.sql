select
    t.id, t.version, t.is_current, t.created_at, t.language, t.recogniser, t.fallback, t.confidence, t.word_count as words,
    p.published_at, p.waiting, p.last_error
from transcript t
join media_object o on o.audio_sha256 = t.audio_sha256
left join lateral (
    select max(p.published_at) as published_at, coalesce(bool_or(p.published_at is null), false) as waiting,
           max(p.last_error) filter (where p.published_at is null) as last_error
    from publication p where p.transcript_id = t.id
) p on true
where o.id = %(id)s
order by t.version
