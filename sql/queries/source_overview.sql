select s.name, s.bucket, s.prefix, s.retired_at, s.retention, s.renamed_to,
       exists (
           select from source_use u join airflow a on a.id = u.airflow_id
           where u.source = s.name and a.last_seen_at >= now() - make_interval(secs => %(silent_s)s)
       ) as is_configured,
       (
           select coalesce(jsonb_object_agg(state, n), '{}')
           from (select state, count(*) as n from media_object o where o.source = s.name group by state) counted
       ) as objects,
       (select count(*)::int from feed f where f.source = s.name and f.retired_at is null) as feeds
from source s
where %(name)s::text is null or s.name = %(name)s
order by s.name
