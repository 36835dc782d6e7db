"""The door for clients of Arrow Flight SQL (ADBC, JDBC): https://arrow.apache.org/docs/format/FlightSql.html"""
