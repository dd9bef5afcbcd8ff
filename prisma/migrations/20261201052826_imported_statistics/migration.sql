-- That hardly any password is imported: without this a log-in would read the table to find out.

-- by hand

-- step: statistics of imported passwords
ANALYZE authentications (imported);
