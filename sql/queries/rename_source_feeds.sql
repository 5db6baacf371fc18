-- A feed that both names follow becomes one: the new name's feed takes the episodes that it does not have.
with followed as (
    select o.id as old_id, n.id as new_id
    from feed o join feed n on n.url = o.url
    where o.source = %(old)s and n.source = %(new)s
), moved as (
    update episode e set feed_id = b.new_id
    from followed b
    where e.feed_id = b.old_id
      and not exists (select from episode k where k.feed_id = b.new_id and k.guid_sha256 = e.guid_sha256)
)
update feed set source = %(new)s,
    url = case when id in (select old_id from followed) then url || '#renamed-' || id else url end,
    retired_at = case when id in (select old_id from followed) then coalesce(retired_at, now()) else retired_at end
where source = %(old)s
