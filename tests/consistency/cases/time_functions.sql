-- Arithmetic of dates and times, parts of them, and zones: what depends on the session's zone is asked in several.
select id, day + 1, day - 1, day - date '2000-01-01' from days;
select id, day + interval 1 month, day - interval 1 year from days;
select id, day + interval '1 month 2 days 3 hours' from days;
select id, t + interval 1 hour, t - interval 1 microsecond from days where id <> 11;
select id, t - timestamp '2000-01-01', t - day from days where id <> 10;
select id, age(t, timestamp '2000-01-01'), age(day, date '2013-03-10') from days where id <> 11;
select id, date_diff('day', day, date '2024-02-29'), date_sub('month', day, date '2024-02-29') from days;
select id, date_diff('hour', t, timestamp '2013-03-10 12:00:00'), datediff('year', day, date '2013-01-01') from days;
select id, date_trunc('week', day), date_trunc('month', day), date_trunc('quarter', day) from days;
select id, date_trunc('hour', t), date_trunc('second', t), date_trunc('decade', t) from days;
select id, date_trunc('century', day), date_trunc('millennium', day) from days;
select id, year(day), month(day), day(day), quarter(day), week(day), dayofyear(day) from days;
select id, extract(epoch from t), extract(doy from day), extract(isodow from day), extract(isoyear from day) from days;
select id, date_part('hour', t), date_part(['year', 'month'], day) from days;
select id, hour(t), minute(t), second(t), millisecond(t), microsecond(t) from days;
select id, extract(century from day), extract(decade from day), extract(era from day) from days;
select id, weekday(day), dayname(day), monthname(day), last_day(day) from days;
select id, yearweek(day), weekofyear(day), isodow(day) from days;
select id, strftime(day, '%Y-%m-%d %A'), strftime(t, '%H:%M:%S.%f %j') from days;
select id, strptime(strftime(t, '%Y%m%d %H%M%S'), '%Y%m%d %H%M%S') from days where id <> 10;
select id, time_bucket(interval 1 month, day), time_bucket(interval 15 minute, t) from days;
select id, epoch_ms(t), epoch_us(t), to_timestamp(epoch(t)) from days where id in (1, 2, 4);
select id, make_date(year(day), month(day), 1), make_timestamp(year(t), 1, 1, 0, 0, 0.5) from days;
select id, day::timestamp + interval 36 hour, t::time, t::date from days;
select id, day < t, day = t::date, day is distinct from t from days;
select id, greatest(day, date '2000-01-01'), least(t, timestamp '2013-01-01'), coalesce(day, date '1999-01-01') from days;
select id, julian(day), isfinite(day), isinf(t) from days;
select id, (day, t) from days where id < 3;
select id, case when day > '2000-01-01' then day end, nullif(day, '2000-02-29') from days;
select min(day + 1), max(t - interval 1 day), count(distinct date_trunc('year', day)) from days;
select date_trunc('month', t) as m, count(*) from days group by m order by m nulls first;
select year(t), count(*), min(t), max(day) from days group by 1;
select id from days where day between date '2013-01-01' and date '2013-01-01' + interval 1 year;
select id from days where t >= date_trunc('year', timestamp '2013-06-01') and t < timestamp '2014-01-01';
select id from days where t > now() - interval 1 day and t < now()::timestamp + interval 1000 year and id = 11;
select id, day + 10000000 from days where id = 1;
select id, day + 2147483647 from days where id = 11;
select id, t + interval 300000 year from days where id = 1;
select interval 1 month + interval 30 days, interval '1 day' = interval '24 hours', interval '36 hours'::varchar;
select id, interval 1 day * id, to_days(id::integer), to_months(id::integer) from days where id < 4;
select id, z, z + interval 1 day, z - interval 1 hour from clock;
-- zone America/New_York
select id, z, z + interval 1 day, z - interval 1 hour from clock;
-- zone Europe/Berlin
select id, z + interval 1 day, z + interval 24 hour from clock;
select id, year(z), month(z), day(z), hour(z), minute(z) from moments;
-- zone America/New_York
select id, year(z), month(z), day(z), hour(z), minute(z) from moments;
-- zone Asia/Kolkata
select id, year(z), month(z), day(z), hour(z), minute(z) from moments;
select id, date_trunc('day', z), date_trunc('hour', z) from clock;
-- zone America/New_York
select id, date_trunc('day', z), date_trunc('hour', z) from clock;
-- zone Asia/Kolkata
select id, date_trunc('day', z), date_trunc('month', z) from clock;
-- zone America/New_York
select id, z at time zone 'UTC', z at time zone 'Asia/Kolkata' from clock;
select id, z at time zone 'America/New_York', t_at from (select id, z, z at time zone 'Europe/Berlin' as t_at from clock);
select id, t at time zone 'America/New_York' from days where id in (5, 6, 12);
-- zone Asia/Kolkata
select id, t at time zone 'America/New_York', day::timestamptz from days where id in (5, 6, 12);
select id, timezone('Europe/Berlin', z), timezone('Europe/Berlin', t) from clock join days using (id) where id in (3, 4, 5, 6);
-- zone America/New_York
select id, extract(timezone from z), extract(timezone_hour from z), extract(epoch from z) from clock;
-- zone Europe/Berlin
select id, strftime(z, '%Y-%m-%d %H:%M:%S %z'), z::varchar from clock;
-- zone America/New_York
select id, date_diff('day', z, timestamptz '2013-11-04 00:00:00+00'), date_diff('hour', z, timestamptz '2013-11-04 00:00:00+00') from clock;
-- zone America/New_York
select date_trunc('hour', z), count(*) from clock group by 1 order by 1;
-- zone America/New_York
select time_bucket(interval 1 day, z), time_bucket(interval 1 hour, z) from clock;
-- zone America/New_York
select min(z), max(z), max(z) - min(z) from clock;
-- zone Europe/Berlin
select id, age(z, timestamptz '2013-01-01 00:00:00+00'), z - timestamptz '2013-01-01 00:00:00+00' from clock;
-- zone Europe/Berlin
select id, z::date = t::date from clock join days using (id);
-- zone America/New_York
select id, epoch_us(z), epoch_ms(z), to_timestamp(epoch(z)) from moments;
-- zone America/New_York
select id, isodow(z), dayname(z), week(z), yearweek(z) from clock;
-- zone America/New_York
select id, z < '2013-11-03 01:30:00', z = '2013-11-03 05:30:00+00' from clock;
-- zone No/Such_Zone
select id from clock;
select id, z at time zone 'No/Such_Zone' from clock;
select timestamp '2013-03-10 02:30:00' at time zone 'America/New_York', timestamp '2013-11-03 01:30:00' at time zone 'America/New_York';
select date '2024-02-29' + interval 1 year, date '2024-01-31' + interval 1 month, timestamp '2024-03-31 12:00:00' - interval 1 month;
select date '0001-01-01' - 1, date '-0044-03-15'::varchar, year(date '-0044-03-15');
-- gives 0001-01-01 (BC), 1582-10-04
select (date '0001-01-01' - interval 1 year)::date::varchar, date '1582-10-15' - 11;
