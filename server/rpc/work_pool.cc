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
  explicit LanePool(int threads) : pool(static_cast<std::size_t>(threads)) {}
  std::atomic<int> waiting{0};
  boost::asio::thread_pool pool;
};

int Threads(int wanted) {
  return wanted > 0 ? wanted : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

struct WorkPool::Impl {
  explicit Impl(const Options& options)
      : max_waiting(options.max_waiting),
        look_up(Threads(options.look_up_threads)),
        long_work(Threads(options.long_threads)) {}
  LanePool& Of(Lane lane) { return lane == Lane::kLookUp ? look_up : long_work; }

  const int max_waiting;
  LanePool look_up;
  LanePool long_work;
};

WorkPool::WorkPool(const Options& options) : impl_(std::make_unique<Impl>(options)) {}

WorkPool::~WorkPool() {
  impl_->look_up.pool.join();
  impl_->long_work.pool.join();
}

bool WorkPool::TryPost(Lane lane, std::function<void()> work) {
  if (impl_->Of(lane).waiting.load(std::memory_order_relaxed) >= impl_->max_waiting) return false;
  Post(lane, std::move(work));
  return true;
}

void WorkPool::Post(Lane lane, std::function<void()> work) {
  LanePool& of = impl_->Of(lane);
  of.waiting.fetch_add(1, std::memory_order_relaxed);
  boost::asio::post(of.pool, [&of, work = std::move(work)] {
    of.waiting.fetch_sub(1, std::memory_order_relaxed);
    work();
  });
}

}  // namespace kith::server
