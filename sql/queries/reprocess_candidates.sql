-- Recordings that match a request, each by its primary object: first those that no request has taken, then those that
-- were taken longest ago. `stage`: the object's latest successful run of it counts. An engine counts as used if that run
-- names it; of recognisers only the one that wrote most of the transcript.
select o.id, o.source
from media_object o
join recording r on r.audio_sha256 = o.audio_sha256 and r.primary_object_id = o.id
left join lateral (
    select max(i.reprocessing_id) as id from reprocessing_item i where i.media_object_id = o.id
) taken on true
where o.state in ('indexed', 'in_review')
  and (o.media_removed_at is null or r.proxies_removed_at is null)
  and o.source = any (%(sources)s::text[])
  and (%(first)s::date is null or own_date(o) >= %(first)s::date)
  and (%(last)s::date is null or own_date(o) <= %(last)s::date)
  and (%(stage)s::text is null or exists (
      select from (
          select s.engine, s.summary ->> 'recogniser' as recogniser, s.recorded_at from stage_run s
          where s.media_object_id = o.id and s.stage = %(stage)s and s.status <> 'failed'
          order by s.id desc limit 1
      ) latest
      where (%(run_before)s::timestamptz is null or latest.recorded_at < %(run_before)s::timestamptz)
        and (%(engine)s::text is null or exists (
            select from unnest(string_to_array(latest.engine, '; ')) part
            where strpos(lower(part), lower(%(engine)s)) > 0
              and (latest.recogniser is null or latest.recogniser = any (string_to_array(part, ' ')))
        ))
  ))
  -- Recordings that a request has taken since `run_before` are done, whatever the result, so that requests end.
  and (%(run_before)s::timestamptz is null or not exists (
      select from reprocessing_item i join reprocessing q on q.id = i.reprocessing_id
      where i.media_object_id = o.id and q.asked_at >= %(run_before)s::timestamptz
  ))
  and (%(language)s::text is null or coalesce(
      (select t.language = %(language)s
           or exists (select from turn where turn.transcript_id = t.id and turn.language = %(language)s)
       from transcript t where t.audio_sha256 = o.audio_sha256 and t.is_current),
      -- Without a transcript: the identified language.
      (select s.summary ->> 'language' = %(language)s from stage_run s
       where s.media_object_id = o.id and s.stage = 'identify_language' and s.status <> 'failed'
       order by s.id desc limit 1)
  ))
order by taken.id nulls first, o.id
limit %(limit)s
