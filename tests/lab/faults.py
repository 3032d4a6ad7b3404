"""Which test injects which fault of the rules. Kept true by ``tests/lib/test_fault_list.py``."""

from __future__ import annotations

FAULTS: dict[str, tuple[str, ...]] = {
    "F01": (
        "test_a_killed_node_is_taken_over_and_comes_home_again",
        "test_a_killed_agent_leaves_services_that_serve_nobody_until_it_is_back",
        "test_what_survived_a_killed_agent_is_ended_before_anything_is_started",
    ),
    "F02": (
        "test_a_killed_service_moves_all_users_to_the_peer",
        "test_a_service_that_is_back_in_time_is_no_reason_for_a_failover",
        "test_users_of_a_dead_service_are_served_by_one_node_at_a_time",
    ),
    "F03": ("test_f03_all_traffic_of_a_host_dropped",),
    "F04": ("test_f04_connections_refused",),
    "F05": ("test_f05_a_node_that_accepts_and_never_answers",),
    "F06": (
        "test_an_agent_frozen_for_a_moment_keeps_its_users",
        "test_a_frozen_agent_that_wakes_up_serves_nobody",
        "test_a_frozen_node_that_wakes_up_serves_nobody",
    ),
    "F07": (
        "test_f07_a_cannot_hear_b_and_the_engine_hears_both",
        "test_f07_one_direction_only",
    ),
    "F08": ("test_f08_the_engine_cannot_reach_a_and_b_can",),
    "F09": ("test_f09_the_engine_cut_off_from_all_does_nothing",),
    "F10": (
        "test_f10_a_cut_off_node_stops_before_its_peer_serves",
        "test_f10_a_node_of_which_the_engine_hears_nothing_keeps_its_users_by_its_peer",
    ),
    "F11": (
        "test_f11_a_flapping_link_moves_nobody_while_it_flaps_below_the_limit",
        "test_f11_a_link_that_flaps_beyond_the_limit_moves_users_twice_and_then_waits_for_a_person",
    ),
    "F12": (
        "test_f12_a_third_of_all_packets_lost_causes_no_failover",
        "test_f12_a_bad_line_causes_no_failover",
        "test_f12_a_failover_over_a_bad_line_is_made_all_the_same",
    ),
    "F13": (
        "test_f13_a_step_of_the_wall_clock_is_not_noticed",
        "test_f13_a_process_that_starts_after_a_step_goes_by_the_clock_of_the_others",
        "test_f13_a_step_under_a_running_worker_causes_nothing_and_hides_nothing",
        "test_f13_a_worker_that_starts_after_a_step_believes_what_the_others_noted",
    ),
    "F14": (
        "test_f14_a_worker_that_was_paused_moves_nobody",
        "test_f14_what_happened_while_the_worker_was_paused_is_seen_to_afterwards",
    ),
    "F15": ("test_f15_two_beats_and_four_workers_make_one_transition",),
    "F16": (
        "test_a_worker_killed_before_it_could_record_a_failover_is_replaced",
        "test_a_worker_killed_right_after_it_recorded_a_failover_is_replaced",
        "test_a_worker_killed_between_two_orders_is_replaced",
        "test_a_failover_survives_the_engines_death_at_every_point",
        "test_an_engine_that_dies_before_its_news_has_done_its_work",
    ),
    "F17": (
        "test_a_killed_server_comes_back_and_failovers_go_on",
        "test_a_service_that_dies_while_a_server_is_restarted_is_not_overlooked",
        "test_f17_an_emptied_broker_costs_no_failover_and_hides_none",
        "test_an_emptied_stream_is_noticed",
        "test_a_restarted_redis_is_found_again",
    ),
    "F18": (
        "test_a_service_that_dies_while_a_server_is_restarted_is_not_overlooked",
        "test_f18_a_slow_database_delays_a_failover_and_leaves_nothing_half",
        "test_f18_a_transaction_that_falls_victim_to_a_deadlock_is_tried_again",
    ),
    "F19": (
        "test_f19_two_dead_nodes_fail_the_group_and_come_back_by_themselves",
        "test_f19_with_services_dead_on_both_nodes_nobody_is_moved_and_recover_starts_them",
    ),
    "F20": (
        "test_f20_the_node_that_is_to_take_over_dies_in_a_failover",
        "test_f20_the_backup_dies_in_a_fallback",
        "test_f20_a_node_dies_in_a_recovery",
    ),
    "F21": (
        "test_f21_a_node_that_returns_with_an_old_goal_serves_nobody_until_it_has_its_new_one",
        "test_a_stale_epoch_is_refused_even_after_a_restart",
    ),
    "F22": ("test_f22_two_nodes_that_start_together_serve_each_user_once",),
    "F23": (
        "test_a_request_between_probe_and_decision_wins",
        "test_a_request_that_waited_for_the_engine_is_judged_by_what_it_finds",
        "test_of_two_people_one_wins_and_the_other_is_told",
    ),
    "F24": (
        "test_f24_with_a_service_down_on_one_node_it_happens_as_the_page_said",
        "test_f24_with_services_down_on_both_nodes_the_group_fails_until_recover",
        "test_f24_with_replication_that_is_not_good_both_nodes_become_normal",
        "test_f24_with_services_down_on_one_node_the_other_takes_over",
        "test_f24_with_services_down_on_both_nodes_the_group_fails_and_nobody_is_moved",
        "test_f24_with_replication_that_is_not_ready_it_is_enabled_all_the_same",
        "test_replication_that_is_not_good_wants_a_confirmation",
    ),
    "F25": ("test_nodes_of_unequal_versions_are_refused",),
    "F26": (
        "test_f26_a_second_machine_serves_nobody_and_the_page_says_that_it_is_there",
        "test_f26_a_second_machine_hides_no_death_of_the_first",
    ),
    "F27": ("test_f27_half_of_all_groups_fail_at_almost_the_same_time",),
    "F28": (
        "test_f28_the_home_node_dies_again_during_its_fallback",
        "test_f28_a_service_of_the_home_node_dies_again_during_its_fallback",
    ),
    "F29": (
        "test_f20_the_node_that_is_to_take_over_dies_in_a_failover",
        "test_a_running_recovery_keeps_the_parameters_it_began_with",
    ),
    "F30": (
        "test_f30_a_browser_that_slept_through_a_hundred_changes_shows_what_is_so",
        "test_what_was_missed_comes_as_one_piece_of_news",
    ),
    "F31": (
        "test_f31_a_channel_that_hangs_holds_up_no_failover_and_gets_its_alarm_later",
        "test_f31_without_a_broker_or_a_channel_the_failover_goes_on",
    ),
}
"""By number: names of test functions, wherever they stand."""

WITHOUT_A_TEST = {
    "F32": "it is the soak: make soak MINUTES=n",
}
