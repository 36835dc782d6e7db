import { useEffect } from "react";
import { useChannels } from "../../api/hooks";
import { Trouble, Waiting } from "../../components/Trouble";
import { useMoment } from "../../lib/moment";
import { plural } from "../../lib/words";
import { Channels } from "./Channels";
import { Deliveries } from "./Deliveries";
import { Maintenance } from "./Maintenance";
import { Scores } from "./Scores";
import "./settings.css";

/** Who is told of incidents, what was told, and when nothing is raised. */
export function SettingsPage() {
  const { zone, now } = useMoment();
  const found = useChannels();
  useEffect(() => { document.title = "Settings · Lapwing"; }, []);
  if (found.isError) return <Trouble error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Waiting height={240} />;
  const { channels, subscriptions } = found.data;
  return (
    <div className="settings-page">
      <h1>{channels.length ? `${plural(subscriptions.length, "subscription")}, ${plural(channels.length, "channel")}` : "Nobody is told of incidents"}</h1>
      <p className="sub">{channels.length ? "Who hears of incidents, by which ways, is written in lapwing.yaml." : "Write channels: and subscriptions: in lapwing.yaml, and people hear of incidents where they are."}</p>
      {channels.length > 0 && <Channels channels={channels} subscriptions={subscriptions} />}
      <Scores zone={zone} />
      <div className="settings-below">
        <Maintenance zone={zone} now={now} />
        <Deliveries zone={zone} />
      </div>
    </div>
  );
}
