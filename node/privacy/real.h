// An MPFR number that owns itself. Used where costs are certified and samplers' tables are enclosed; never
// for a sample.
#pragma once
#include <mpfr.h>

#include <cstdint>

#include "privacy/ratio.h"

namespace penc {

class Real {
 public:
  explicit Real(mpfr_prec_t bits) {
    [[maybe_unused]] static thread_local const FreeAtThreadEnd free_at_thread_end;
    mpfr_init2(value_, bits);
    mpfr_set_zero(value_, 1);
  }
  Real(mpfr_prec_t bits, const Ratio& ratio, mpfr_rnd_t round) : Real(bits) {
    mpfr_set_uj(value_, ratio.num, round);
    Real den(64);
    mpfr_set_uj(den.value_, ratio.den, MPFR_RNDN);  // exact: 64 bits
    mpfr_div(value_, value_, den.value_, round);
  }
  Real(const Real& other) : Real(mpfr_get_prec(other.value_)) { mpfr_set(value_, other.value_, MPFR_RNDN); }
  Real(Real&& other) noexcept : Real(2) { mpfr_swap(value_, other.value_); }
  Real& operator=(Real other) noexcept {
    mpfr_swap(value_, other.value_);
    return *this;
  }
  ~Real() { mpfr_clear(value_); }

  mpfr_ptr get() { return value_; }
  mpfr_srcptr get() const { return value_; }

 private:
  // MPFR keeps constants for each thread that used it.
  struct FreeAtThreadEnd {
    ~FreeAtThreadEnd() { mpfr_free_cache(); }
  };

  mpfr_t value_;
};

}  // namespace penc
