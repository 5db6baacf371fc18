-- The actual values of the objects that a forecast counted as new, by file type: the objects under its prefixes that
-- existed when it was made and entered the ledger afterwards. Costs and times count up to the first final state of each
-- object, because a later reprocessing is not part of the backfill.
with lengths as (
    select prefix, length(prefix) as n from unnest(%(prefixes)s::text[]) as p (prefix)
), inside as (
    select o.id, o.key, o.size, o.state, o.audio_sha256
    from media_object o
    cross join (select distinct n from lengths) as l
    join lengths on lengths.n = l.n and lengths.prefix = left(o.key, l.n)
    where o.source = %(source)s and o.bucket = %(bucket)s and o.last_modified <= %(made_at)s
      and (%(by_date)s or o.last_modified between %(first_at)s and %(last_at)s)
), moves as (
    select e.media_object_id as id,
           min(e.at) filter (where e.at > %(made_at)s and e.to_state = 'claimed') as started_at,
           min(e.at) filter (where e.at > %(made_at)s and e.to_state not in ('seen', 'claimed')) as ended_at,
           bool_or(e.at > %(made_at)s and e.to_state <> 'gone') as entered,
           (array_agg(e.to_state order by e.id desc) filter (where e.at <= %(made_at)s))[1] as before
    from inside i join media_object_event e on e.media_object_id = i.id
    group by 1
), counted as (
    select i.*, m.started_at, m.ended_at
    from inside i join moves m on m.id = i.id
    where m.entered and coalesce(m.before, 'gone') = 'gone'
), costs as (
    select c.id, sum(s.wall_s) as wall_s, sum(s.cpu_s) as cpu_s, sum(s.gpu_s) as gpu_s
    from counted c join stage_run s on s.media_object_id = c.id
    where s.recorded_at > %(made_at)s and s.recorded_at <= c.ended_at
    group by 1
)
select lower(coalesce(substring(c.key from '\.[^./]*$'), '')) as suffix, count(*) as found, count(c.ended_at) as done,
       coalesce(sum(c.size) filter (where c.ended_at is not null), 0)::double precision as bytes,
       coalesce(sum(r.duration_s) filter (where c.ended_at is not null), 0) as audio_s,
       coalesce(sum(cost.wall_s), 0) as wall_s, coalesce(sum(cost.cpu_s), 0) as cpu_s, coalesce(sum(cost.gpu_s), 0) as gpu_s,
       min(c.started_at) as started_at, max(c.ended_at) as ended_at
from counted c
left join costs cost on cost.id = c.id
left join recording r on r.audio_sha256 = c.audio_sha256
group by 1
order by 1
