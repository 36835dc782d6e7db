import java.sql.*;
import java.util.*;

/** What tools over JDBC ask: the catalog as Metabase and DBeaver read it, values, portions, and a time limit. */
public class Probe {
    static void names(String what, ResultSet rows, String... columns) throws SQLException {
        List<String> found = new ArrayList<>();
        while (rows.next()) {
            List<String> parts = new ArrayList<>();
            for (String column : columns) parts.add(rows.getString(column));
            found.add(String.join(":", parts));
        }
        System.out.println(what + " " + found);
    }

    public static void main(String[] arguments) throws Exception {
        try (Connection c = DriverManager.getConnection(arguments[0], "anna", "")) {
            DatabaseMetaData data = c.getMetaData();
            names("schemas", data.getSchemas(), "TABLE_SCHEM");
            names("tables", data.getTables(null, null, "%", new String[] {"TABLE", "VIEW"}), "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE");
            names("columns", data.getColumns(null, "files", "orders", "%"), "COLUMN_NAME", "TYPE_NAME", "DATA_TYPE");
            names("keys", data.getPrimaryKeys(null, "files", "orders"), "COLUMN_NAME");
            names("indexes", data.getIndexInfo(null, "files", "orders", false, true), "INDEX_NAME");
            names("imported", data.getImportedKeys(null, "files", "orders"), "FKTABLE_NAME");
            names("privileges", data.getTablePrivileges(null, "files", "orders"), "PRIVILEGE");
            names("catalogs", data.getCatalogs(), "TABLE_CAT");
            try (PreparedStatement s = c.prepareStatement("select count(*), max(amount), min(\"at\") from files.orders where town = ? and amount > ?")) {
                for (int i = 0; i < 8; i++) {  // from the fifth on it is prepared and binary
                    s.setString(1, "Wien");
                    s.setDouble(2, 2.0);
                    try (ResultSet rows = s.executeQuery()) {
                        rows.next();
                        if (i % 7 == 0) System.out.println("prepared " + rows.getLong(1) + " " + rows.getDouble(2) + " " + rows.getTimestamp(3));
                    }
                }
            }
            c.setAutoCommit(false);
            try (Statement s = c.createStatement()) {
                s.setFetchSize(100);
                long sum = 0;
                try (ResultSet rows = s.executeQuery("select i from range(1000) t(i)")) {
                    while (rows.next()) sum += rows.getLong(1);
                }
                System.out.println("portions " + sum);
            }
            c.commit();
            c.setAutoCommit(true);
            try (Statement s = c.createStatement()) {
                s.setQueryTimeout(1);
                s.executeQuery("select count(*) from range(1000000000000)");
            } catch (SQLException error) {
                System.out.println("limited " + error.getSQLState());
            }
            try (Statement s = c.createStatement()) {
                s.executeUpdate("delete from files.orders");
            } catch (SQLException error) {
                System.out.println("refused " + error.getSQLState());
            }
        }
    }
}
