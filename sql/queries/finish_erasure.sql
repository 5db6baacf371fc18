-- Finish the receipt if Elasticsearch has no documents either.
with receipt as (
    update erasure e set finished_at = clock_timestamp()
    where e.id = %(id)s and e.finished_at is null and e.emptied_at is not null
      and not exists (
          select from publication p join erasure_audio a using (audio_sha256)
          where a.erasure_id = e.id and p.published_at is null
      )
    returning e.id, e.cause, e.hide_keys
)
update media_object o
set reason_code = case receipt.cause when 'request' then 'erased' else 'expired' end,
    reason = 'nothing is left of it; receipt ' || receipt.id,
    key = case when receipt.hide_keys then 'erased/' || x.place_sha256 else o.key end,
    media_removed_at = clock_timestamp()
from receipt join erasure_object x on x.erasure_id = receipt.id
where o.id = x.media_object_id
