"""Not a Grafana: reads a panel of a snapshot as Grafana's page does, and refuses what it would not show.

Sources in grafana/grafana: DataFrameDTO and FieldType (packages/grafana-data/src/types/dataFrame.ts); hasPanelSnapshot
(public/app/features/dashboard/dashgrid/PanelStateWrapper.tsx, up to version 10); convertOldSnapshotToScenesSnapshot
(public/app/features/dashboard-scene/serialization/transformSaveModelToScene.ts, 11 and newer).
"""

FIELD_TYPES = {"time", "number", "string", "boolean", "trace", "geo", "enum", "other", "frame", "nestedFrames"}


def frames_of(panel):
    """The data frames of a panel, each of the form DataFrameDTO."""
    frames = panel["snapshotData"]
    assert isinstance(frames, list)
    for frame in frames:
        assert set(frame) <= {"name", "refId", "meta", "fields"}
        for field in frame["fields"]:
            assert {"name", "type", "config", "values"} <= set(field) <= {"name", "type", "config", "values", "labels"}
            assert isinstance(field["name"], str)
            assert field["type"] in FIELD_TYPES
            assert isinstance(field["config"], dict)
            assert all(isinstance(k, str) and isinstance(v, str) for k, v in field.get("labels", {}).items())
        assert len({len(field["values"]) for field in frame["fields"]}) == 1, "all fields are of one length"
    return frames


def converted(panel):
    """The one query that version 11 and newer make of a panel with `snapshotData`; of a field, labels are dropped."""
    frames = frames_of(panel)
    return {
        "refId": frames[0].get("refId", "") if frames else "",
        "queryType": "snapshot",
        "snapshot": [
            {
                "data": {"values": [f["values"] for f in frame["fields"]]},
                "schema": {"fields": [{key: f[key] for key in ("name", "type", "config")} for f in frame["fields"]]},
            }
            for frame in frames
        ],
    }


def shown(panel):
    """(name in the legend, times in ms, values) of each line that a time series panel draws."""
    lines = []
    for frame in converted(panel)["snapshot"]:
        (times, values), (time_field, value_field) = frame["data"]["values"], frame["schema"]["fields"]
        assert (time_field["type"], value_field["type"]) == ("time", "number")
        assert all(isinstance(t, int) for t in times), "whole milliseconds"
        assert times == sorted(times)
        assert all(v is None or isinstance(v, int | float) for v in values)
        name = value_field["config"].get("displayName") or value_field["config"]["displayNameFromDS"]
        lines.append((name, times, values))
    return lines
