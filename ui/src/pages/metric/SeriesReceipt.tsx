import { useState } from "react";
import type { Metric } from "../../api/types";
import { ReceiptMark } from "../../components/Receipt";
import { useKeys } from "../../lib/keys";
import { useSeries } from "./useSeries";
import type { View } from "./view";

/** The receipt of the chart's own query. */
export function SeriesReceipt({ metric, view, zone }: { metric: Metric; metrics: Metric[]; view: View; zone: string }) {
  const { answer } = useSeries(metric, view, zone);
  const [open, setOpen] = useState(false);
  useKeys({ r: () => setOpen(true) });
  return answer.data ? <ReceiptMark receipt={answer.data.receipt} zone={zone} open={open} onOpen={setOpen} /> : null;
}
