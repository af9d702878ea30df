-- With record --rotate: the file name that the names of its files are made from, like tcpconn.db.
ALTER TABLE session ADD COLUMN rotation_base TEXT;        -- NULL: the recording did not rotate, or it is not known
