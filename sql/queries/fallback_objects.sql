-- Objects whose current transcript was written by a fallback. With `only_back`: only if, since their own latest
-- recognition, the preferred recogniser has computed another recording in that language, with other engines than then
-- (an engine that was set aside is named as such), and at most `times` times, so that a recogniser that fails on some
-- machines or for this recording alone does not requeue it forever.
select o.id
from transcript t
join recording r on r.audio_sha256 = t.audio_sha256
join media_object o on o.id = r.primary_object_id
left join lateral (
    select f.engine, f.recorded_at from stage_run f
    where f.media_object_id = o.id and f.stage = 'transcribe' and f.status <> 'failed'
    order by f.recorded_at desc limit 1
) own on true
where t.is_current and t.fallback is not null
  and o.state in ('indexed', 'in_review')
  and (%(source)s::text is null or o.source = %(source)s)
  and (not %(only_back)s or exists (
      select from stage_run s
      where s.stage = 'transcribe' and s.status = 'done'
        and s.recorded_at > coalesce(own.recorded_at, t.created_at)
        and s.engine is distinct from own.engine
        and s.summary ->> 'fallback' is null
        and s.summary ->> 'recogniser' is distinct from t.recogniser
        and (s.summary -> 'languages' is null or s.summary -> 'languages' ? t.language)
  ))
  and (not %(only_back)s or %(times)s > (
      select count(*) from media_object_event e where e.media_object_id = o.id and e.reason_code = %(code)s
  ))
order by o.id
limit %(limit)s
