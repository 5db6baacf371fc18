-- The new content of the feed replaces the stored content. A changed file (address, length) makes a known episode wanted
-- again; its key stays, so that the copy becomes a new version of the same object. Rows without an address are older than
-- addresses.
insert into episode as known (
    feed_id, guid, guid_sha256, title, published_at, duration_s, link, transcripts, url, address, length, media_type, bucket, key
)
values %s
on conflict on constraint episode_once do update set
    title = excluded.title, published_at = coalesce(excluded.published_at, known.published_at),
    duration_s = excluded.duration_s, link = excluded.link, transcripts = excluded.transcripts,
    url = excluded.url, address = excluded.address, length = excluded.length, media_type = excluded.media_type,
    updated_at = now(),
    state = case when is_changed(known, excluded) then 'wanted' else known.state end,
    attempts = case when is_changed(known, excluded) then 0 else known.attempts end,
    not_before = case when is_changed(known, excluded) then null else known.not_before end
where known.state <> 'erased'
  and (known.title, known.published_at, known.duration_s, known.link, known.transcripts, known.url, known.address,
       known.length, known.media_type)
      is distinct from
      (excluded.title, coalesce(excluded.published_at, known.published_at), excluded.duration_s, excluded.link,
       excluded.transcripts, excluded.url, excluded.address, excluded.length, excluded.media_type)
returning state = 'wanted', xmax = 0
