// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/work_pool.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <thread>
#include <utility>

namespace kith::server {
namespace {

struct LanePool {
  LanePool(int threads, int max_waiting)
      : max_in_hand(threads + max_waiting), pool(static_cast<std::size_t>(threads)) {}
  // What is worked on counts too. Were only the waiting counted, a burst would be refused before
  // the idle threads had taken their share of it.
  const int max_in_hand;
  std::atomic<int> in_hand{0};
  boost::asio::thread_pool pool;
};

// To be counted in `lane` already.
void Run(LanePool* lane, std::function<void()> work) {
  boost::asio::post(lane->pool, [lane, work = std::move(work)] {
    work();
    lane->in_hand.fetch_sub(1, std::memory_order_relaxed);
  });
}

int Threads(int wanted) {
  return wanted > 0 ? wanted : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

struct WorkPool::Impl {
  explicit Impl(const Options& options)
      : look_up(Threads(options.look_up_threads), options.max_waiting),
        long_work(Threads(options.long_threads), options.max_waiting),
        streams(Threads(options.stream_threads), options.max_waiting) {}
  LanePool& Of(Lane lane) {
    if (lane == Lane::kStream) return streams;
    return lane == Lane::kLookUp ? look_up : long_work;
  }

  LanePool look_up;
  LanePool long_work;
  LanePool streams;
};

WorkPool::WorkPool(const Options& options) : impl_(std::make_unique<Impl>(options)) {}

WorkPool::~WorkPool() {
  impl_->look_up.pool.join();
  impl_->long_work.pool.join();
  impl_->streams.pool.join();
}

bool WorkPool::TryPost(Lane lane, std::function<void()> work) {
  LanePool& of = impl_->Of(lane);
  if (of.in_hand.fetch_add(1, std::memory_order_relaxed) >= of.max_in_hand) {
    of.in_hand.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  Run(&of, std::move(work));
  return true;
}

void WorkPool::Post(Lane lane, std::function<void()> work) {
  LanePool& of = impl_->Of(lane);
  of.in_hand.fetch_add(1, std::memory_order_relaxed);
  Run(&of, std::move(work));
}

}  // namespace kith::server
