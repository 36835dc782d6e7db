import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` serves the UI and passes /api on to a running `lapwing serve`.
export default defineConfig({
  plugins: [react()],
  build: { outDir: "../src/lapwing/server/static", emptyOutDir: true, assetsDir: "assets", target: "es2022" },
  server: { proxy: { "/api": "http://127.0.0.1:8600" } },
});
