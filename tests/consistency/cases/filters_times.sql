-- Dates and timestamps: before 1970, at leap days, at the last microsecond, and at changes of clocks.
select id from days where day = '2000-02-29';
select id from days where day = date '2000-02-29';
select id from days where day < '1970-01-01';
select id from days where day <= '1969-12-31';
select id from days where day > '2024-12-30';
select id from days where day >= '9999-12-31';
select id from days where day between '1969-12-31' and '1970-01-01';
select id from days where day not between '1900-01-01' and '2025-01-01';
select id from days where day in ('2013-03-10', '2013-11-03');
select id from days where day not in ('2013-03-10', '2013-11-03');
select id from days where day <> '2013-03-10';
select id from days where day is null;
select id from days where day is distinct from '2013-03-10';
select id from days where day = t::date;
select id from days where day = t;
select id from days where day < t;
select id from days where day < '2000-02-29 12:00:00'::timestamp;
select id from days where day = '2000-02-30';
select id from days where day > 'yesterday';
select id from days where day > date '2000-02-28' + 1 and day < date '2013-12-01';
select id from days where day + 1 = '2000-03-01';
select id from days where day - interval 1 day = '1969-12-31';
select id from days where day - date '2024-01-01' = 30;
select id from days where year(day) = 2013;
select id from days where extract(month from day) = 2;
select id from days where month(day) = 12 and day(day) > 30;
select id from days where date_trunc('month', day) = '2013-03-01';
select id from days where date_trunc('year', t) = '2024-01-01';
select id from days where dayofweek(day) = 0;
select id from days where isodow(day) = 7;
select id from days where t = '2013-03-10 02:30:00';
select id from days where t < '1970-01-01';
select id from days where t >= '1969-12-31 23:59:59.999999' and t < '1970-01-01 00:00:00.000001';
select id from days where t > '1969-12-31 23:59:59.999998';
select id from days where t = '1900-02-28 12:00:00.5';
select id from days where t = '1900-02-28 12:00:00.500000';
select id from days where t > '2024-12-30 23:59:59.999998' and t < '2025-01-01 00:00:00.000002';
select id from days where t between '2013-01-01' and '2013-12-31';
select id from days where t in ('2000-02-29', '2013-11-03 01:30:00');
select id from days where t not in ('2000-02-29', '2013-11-03 01:30:00');
select id from days where t is not distinct from '2000-02-29 00:00:00';
select id from days where t = '2000-02-29T00:00:00';
select id from days where t::date = '2013-11-03';
select id from days where t::time = '02:30:00';
select id from days where t + interval 1 second < '1970-01-01 00:00:01';
select id from days where t > timestamp '2013-03-10 00:00:00' + interval 1 day and t < '2014-01-01';
select id from days where hour(t) = 2;
select id from days where microsecond(t) > 0;
select id from days where epoch(t) < 0;
select id from days where t::varchar like '2013-%';
select id from days where day::varchar = '2000-02-29';
select id from days where strftime(day, '%Y') = '2013';
select id from days where last_day(day) = day;
-- zone America/New_York
select id from days where t = '2013-03-10 02:30:00'::timestamp;
-- zone America/New_York
select id from days where t::timestamptz = '2013-11-03 01:30:00'::timestamptz;
-- zone America/New_York
select id from days where t < '2013-03-10 07:00:00+00'::timestamptz and t > '2013-01-01';
select id from moments where z = '1970-01-01 00:00:00+00';
select id from moments where z < '1970-01-01 00:00:00+00';
select id from moments where z <= '1969-12-31 23:59:59.999999+00';
select id from moments where z > '2013-11-03 05:30:00+00';
select id from moments where z = '2013-11-03 01:30:00-05:00';
select id from moments where z between '2013-01-01' and '2014-01-01';
select id from moments where z in ('2013-03-10 07:00:00+00', '2040-06-15 12:00:00.123456+00');
select id from moments where z is null or z is distinct from '1900-01-01 00:00:00+00';
select id from moments where z < '1950-01-01'::date;
select id from clock where z = '2013-11-03 05:30:00+00';
select id from clock where z >= '2013-03-10 07:00:00+00' and z < '2024-01-01';
select id from clock where z > '2024-03-31 00:59:59.999998+00' and z <= '2024-03-31 01:00:00+00';
select id from clock where z in ('2013-03-10 07:00:00+00');
select id from clock where z not in ('2013-03-10 07:00:00+00');
select id from clock where z is null;
select id from clock where z::date = '2013-11-03';
select id from clock where z::timestamp = '2013-11-03 06:30:00';
select id from clock where year(z) = 2024;
select id from clock where hour(z) = 23;
-- zone America/New_York
select id from clock where z = '2013-03-10 03:00:00';
-- zone America/New_York
select id from clock where z = '2013-03-10 02:30:00';
-- zone America/New_York
select id from clock where z = '2013-11-03 01:30:00';
-- zone America/New_York
select id from clock where z::date = '2013-03-10';
-- zone America/New_York
select id from clock where z >= '2013-11-03' and z < '2013-11-04';
-- zone Asia/Kolkata
select id from clock where z::date = '2025-01-01';
-- zone Asia/Kolkata
select id from clock where hour(z) = 5;
-- zone Europe/Berlin
select id from clock where date_trunc('hour', z) = '2024-03-31 03:00:00';
-- zone Europe/Berlin
select id from clock where extract(minute from z) = 59;
-- zone Europe/Berlin
select id from moments where z < '1970-01-01';
-- zone Asia/Kolkata
select id from moments where z::date = '1970-01-01';
select id from flags where b;
select id from flags where not b;
select id from flags where b = true;
select id from flags where b <> true;
select id from flags where b is true;
select id from flags where b is not true;
select id from flags where b is false;
select id from flags where b is null;
select id from flags where b is distinct from true;
select id from flags where b = c;
select id from flags where b <> c;
select id from flags where b > c;
select id from flags where b and c;
select id from flags where b or c;
select id from flags where not (b and c);
select id from flags where b in (true);
select id from flags where b not in (true, null);
select id from flags where b = 1;
select id from flags where b = 'true';
select id from flags where b is not distinct from c;
select id from flags where coalesce(b, c, true);
select id from flags where b between false and c;
