"""What figures were measured on, in words and as a folder's name."""

from benchmarks import machine


def test_figures_are_kept_apart_by_version_optimizations_and_linking(monkeypatch):
    monkeypatch.setattr(machine.platform, "python_version", lambda: "3.12.1")
    monkeypatch.setattr(
        machine.sysconfig, "get_config_var", lambda _: "'--enable-optimizations' '--with-lto' '--enable-shared'"
    )
    linked = machine._linked()
    assert linked in ("shared", "static")
    assert machine.kind() == f"cpython-3.12.1-pgo-lto-{linked}"
    assert machine.build().startswith(f"PGO and LTO, {linked} library, ")
    monkeypatch.setattr(machine.sysconfig, "get_config_var", lambda _: None)
    assert machine.kind() == f"cpython-3.12.1-{linked}"
