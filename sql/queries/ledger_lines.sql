-- Objects that match all conditions, with their latest batch and the warnings of its stages; the latest transition first.
select
    o.id, o.source, o.bucket, o.key, o.etag, o.size, o.last_modified, o.state, o.reason_code, o.reason_class, o.reason_stage,
    o.reason, o.attempts, o.not_before, o.updated_at, b.id as batch_id, b.lane, b.dag_id, b.dag_run_id,
    coalesce(
        o.state = 'claimed' and o.batch_id is null and coalesce(o.not_before <= now(), true)
        and s.quota_used_at >= date_trunc('day', now(), 'UTC'), false
    ) as awaits_quota,
    array(
        select warning from batch_item_stage r, jsonb_array_elements_text(r.summary -> 'warnings') with ordinality as w (warning, place)
        where r.batch_id = b.id and r.media_object_id = o.id and jsonb_typeof(r.summary -> 'warnings') = 'array'
        order by r.stage, w.place
    ) as warnings
from media_object o
join source s on s.name = o.source
left join lateral (
    select b.id, b.lane, b.dag_id, b.dag_run_id
    from batch_item i join batch b on b.id = i.batch_id
    where i.media_object_id = o.id
    order by b.id desc
    limit 1
) b on true
where (%(ids)s::bigint[] is null or o.id = any (%(ids)s::bigint[]))
  and (%(source)s::text is null or o.source = %(source)s)
  and (%(states)s::text[] is null or o.state = any (%(states)s::text[]))
  and (%(code)s::text is null or o.reason_code = %(code)s)
  and (%(failure_class)s::text is null or o.reason_class = %(failure_class)s)
  and (%(stage)s::text is null or o.reason_stage = %(stage)s)
  and (%(key_like)s::text is null or o.key like %(key_like)s)
  and (%(bucket)s::text is null or o.bucket = %(bucket)s)
  and (%(key)s::text is null or o.key = %(key)s)
  and (not %(warned)s or exists (
      select from batch_item_stage r
      where r.batch_id = b.id and r.media_object_id = o.id and jsonb_array_length(r.summary -> 'warnings') > 0
  ))
  and (%(since)s::timestamptz is null or o.updated_at >= %(since)s)
order by o.updated_at desc, o.id desc
limit %(limit)s
